print('local')
